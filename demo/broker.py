"""python -m demo.broker --port N: the embedded MQTT broker of the demo (MQTT 3.1.1, loopback only).

It keeps persistent sessions in memory: what is queued for the ingest survives the ingest's death,
not the broker's. A real site runs a real broker (deploy/mosquitto.conf).
"""

import argparse
import logging

from iotcore import IotCoreBroker

HOST = "127.0.0.1"
# Pictures are megabytes; the standard 20 kB closes the connection.
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
# rumqttd has at most 100 messages under way to a session, whatever `max_inflight_count` says
# (iotcore 0.4.0: 50, 1,000 and 20,000 tried): that caps a batch of the demo's ingest.


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.broker", description=__doc__)
    parser.add_argument("--port", type=int, default=1883)
    port = parser.parse_args().port
    # rumqttd writes each packet it routes as an error record: only a broken broker speaks.
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    broker = IotCoreBroker(listen=HOST, port=port, max_payload_size=MAX_PAYLOAD_BYTES)
    print(f"MQTT broker on {HOST}:{port}", flush=True)
    broker.run_forever()


if __name__ == "__main__":
    main()
