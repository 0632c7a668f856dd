"""The door in: MQTT bytes become stored, judged readings; nothing lost, nothing counted twice."""
