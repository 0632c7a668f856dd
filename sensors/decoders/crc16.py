"""The checksums of the field protocols: reflected, polynomial 0xA001, begun with 0xFFFF."""


def _step(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


_TABLE = tuple(_step(byte) for byte in range(256))


def hj212(data: bytes) -> int:
    """HJ 212-2017 Annex A. It forgets the register's low byte, so that only 256 sums exist: one in
    256 damaged frames passes, and what is in the frame must be checked as well."""
    crc = 0xFFFF
    for byte in data:
        crc = _TABLE[(crc >> 8) ^ byte]
    return crc


def modbus(data: bytes) -> int:
    """CRC-16/MODBUS: SL 651-2014, and the HJ 212 devices that take it for theirs."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def modbus_swapped(data: bytes) -> int:
    """CRC-16/MODBUS, low byte first."""
    crc = modbus(data)
    return crc >> 8 | (crc & 0xFF) << 8
