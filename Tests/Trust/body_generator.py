"""Request bodies, good and bad, always the same for a given seed."""

import random
import struct

import contract

HOUSE = dict(zip(contract.FIELDS, ["8.3252", "42", "6.98", "1.02", "322", "2.55", "37.88", "-122.23"]))
OUT_OF_BOUNDS = [
    "-1", "-0.5", "-1e-300", "-5e-324", "90.00000000000001", "180.00000000000003", "-90.00000000000001", "-181",
    '"-7"',
]
MALFORMED_NUMBERS = [
    "01", "+1", ".5", "5.", "1e", "1e+", "0x1", "1_0", "--1", "-", "NaN", "Infinity", "-Infinity", "1 2", "", " 1",
    "1 ", "1.e5", "1.5.", "00", "-01", "1,0", "1f", "٣", "1e5.5", "\\n1", "\\u0031", "\\u0031\\u0065\\u0032",
    "1\\u0000",
]
CHARACTERS = [
    "a", "MedInc", "é", "€", "😀", "\u0301", "\\n", '\\"', "\\\\", "\\/", "\\u0000", "\\ud83d\\ude00", "\\u00e9",
    "\\uFFFF", " ", "1", "[", "}", ",", ":", "b", "c", "d", "e",
]
NO_CHARACTERS = ["\\ud800", "\\udc00", "\\x", "\t"]
UNKNOWN_KEYS = ["x", "", "medinc", "MedInc ", "MedInc\\u0000", "Medinc", "Latitud", "LatitudeX"]
HUGE = ["1e999", "-1e999", '"1e999"', "1e99999999999999999999", "1.8e308"]
SMALL_FACTS = ["true", "false", "null", "-0", "-0.0", '"-0"', "-0e5"]
ENDS = ["x", "]", ",", "[]", "\0", "1", '"', "\ufeff"]
NO_BATCHES = ["", "[]", "[ ]", "[\n]", "{}", " ", "[", "null", '""', "[[]]", "[{}]", "[{},{}]"]


class BodyGenerator:
    """Four bodies in ten are valid; the others break one rule or several."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def _roll(self, sides):
        return int(self._random.random() * sides)

    def _pick(self, choices):
        return choices[self._roll(len(choices))]

    def next(self):
        kind = self._roll(20)
        if kind < 8:
            return self._text(self._valid_records()).encode()
        if kind < 13:
            return self._text(self._mixed_records()).encode()
        if kind < 18:
            records = self._valid_records() if self._roll(2) else self._mixed_records()
            return self._mutated(bytearray(self._text(records).encode()))
        return (self._unusual() if kind == 18 else self._nested()).encode()

    # Batches: lists of records, which are lists of [key, value].

    def _valid_records(self):
        return [self._valid_record() for _ in range(1 + self._roll(3))]

    def _valid_record(self):
        record = [[name, self._valid_value(name)] for name in contract.FIELDS]
        if self._roll(4) == 0:
            self._random.shuffle(record)
        if self._roll(4) == 0:
            record.insert(self._roll(len(record) + 1), [self._unknown_key(), self._any_value(0)])
        if self._roll(6) == 0:
            record.insert(0, [self._pick(contract.FIELDS), self._any_value(0)])
        return [[self._escaped(key) if self._roll(8) == 0 else key, value] for key, value in record]

    def _mixed_records(self):
        """Any member may be missing, invalid, repeated or unknown."""
        records = self._valid_records()
        for _ in range(1 + self._roll(4)):
            record = self._pick(records)
            if not record:
                continue
            member, kind = self._roll(len(record)), self._roll(6)
            if kind == 0:
                del record[member]
            elif kind == 1:
                record.append([self._pick(contract.FIELDS), self._any_value(0)])
            elif kind == 2:
                record.insert(member, [self._unknown_key(), self._any_value(0)])
            else:
                record[member][1] = self._pick(OUT_OF_BOUNDS) if kind == 3 else self._any_value(0)
        return records

    def _text(self, records):
        space = self._space
        elements = [
            "{" + ",".join(f'"{key}"{space()}:{space()}{value}{space()}' for key, value in record) + "}"
            for record in records
        ]
        if self._roll(25) == 0:
            elements.insert(self._roll(len(elements) + 1), self._any_value(0))
        return f"{space()}[{space()}" + f"{space()},".join(elements) + f"{space()}]{space()}"

    def _unusual(self):
        kind = self._roll(8)
        if kind == 0:
            # One batch of a thousand costs as much as a hundred other bodies.
            return "[" + "{}," * (999 + self._roll(3)) + "{}]" if self._roll(8) == 0 else "[" + "{}," * 9 + "{}]"
        if kind == 1:
            return "\ufeff" + self._text(self._valid_records())
        if kind == 2:
            return self._text(self._valid_records()) + self._pick(ENDS)
        if kind == 3:
            return self._pick(NO_BATCHES)
        return "[" * self._roll(200) if kind == 4 else self._any_value(0)

    def _nested(self):
        """A value about as deep as the limit, in one of the places where a value can be."""
        depth = 60 + self._roll(6)
        opening, closing = self._pick([("[", "]"), ('{"a":', "}"), ('[1,{"MedInc":[', "]}]")])
        deep = opening * depth + self._number() + closing * depth
        if self._roll(3) == 0:
            return f"[{deep}]"
        return self._text([[*HOUSE.items(), ["MedInc" if self._roll(2) else "x", deep]]])

    # Values.

    def _valid_value(self, name):
        if name in contract.BOUNDS:
            text = ("-" if self._roll(2) else "") + self._small_number()
        else:
            text = self._number() if self._roll(3) else self._small_number()
        return text if self._roll(4) else f'"{text}"'

    def _any_value(self, depth):
        kind = self._roll(16)
        if kind < 6:
            return ("-" if kind == 5 else "") + self._number()
        if kind < 8:
            return f'"{self._number()}"'
        if kind == 8:
            return f'"{self._characters()}"'
        if kind < 11:
            return self._pick(SMALL_FACTS if kind == 9 else HUGE)
        if kind < 13:
            text = self._pick(MALFORMED_NUMBERS)
            return text if kind == 11 else f'"{text}"'
        if depth < 3 and kind == 13:
            return "[" + ", ".join(self._any_value(depth + 1) for _ in range(self._roll(4))) + "]"
        if depth < 3 and kind == 14:
            members = (f'"{self._characters()}":{self._any_value(depth + 1)}' for _ in range(self._roll(4)))
            return "{" + ",".join(members) + "}"
        return self._small_number()

    def _small_number(self):
        """At most 90, with up to 45 digits."""
        roll = self._roll
        kind = roll(5)
        if kind == 0:
            return str(roll(91))
        if kind == 1:
            return "0." + self._digits(1 + roll(45))
        if kind == 2:
            return f"{roll(90)}.{self._digits(1 + roll(30))}"
        if kind == 3:
            return f"{1 + roll(8)}.{self._digits(1 + roll(22))}e{self._pick(['', '+', '-', '+00', '-0'])}{roll(2)}"
        return "0." + "0" * roll(40) + self._digits(1 + roll(25))

    def _number(self):
        """At least 0; sometimes at the limits of a double's range."""
        roll = self._roll
        kind = roll(10)
        if kind == 0:
            return str(self._random.getrandbits(64) >> roll(64))
        if kind == 1:
            return self._non_zero() + self._digits(15 + roll(8))
        if kind == 2:
            return self._non_zero() + self._digits(roll(400) % 300)
        if kind == 3:
            return repr(struct.unpack("d", struct.pack("Q", self._random.getrandbits(63) & 0x7FDF_FFFF_FFFF_FFFF))[0])
        if kind == 4:
            # Halfway between two doubles, and barely above.
            between = (1 << 53) + (self._random.getrandbits(53) | 1)
            return str(between) + self._pick(["", ".0", ".000000000000000000000001", "e0", "0e-1"])
        if kind == 5:
            return f"{self._non_zero()}.{self._digits(1 + roll(25))}E{self._pick(['', '+', '-'])}{roll(310)}"
        if kind == 6:
            return f"0.{self._digits(18 + roll(10))}e{roll(40)}"
        if kind == 7:
            huge = ["323", "324", "325", "400", "9223372036854775808", "99999999999999999999"]
            return f"{self._non_zero()}e-{self._pick(huge)}"
        return "0e" + self._digits(1 + roll(22)) if kind == 8 else self._small_number()

    def _non_zero(self):
        return str(1 + self._roll(9))

    def _digits(self, count):
        return str(self._random.getrandbits(4 * count) % 10**count).zfill(count) if count else ""

    # Strings and bytes.

    def _characters(self):
        count = self._roll(6 if self._roll(20) else 150)
        return "".join(self._pick(CHARACTERS if self._roll(72) else NO_CHARACTERS) for _ in range(count))

    def _unknown_key(self):
        kind = self._roll(len(UNKNOWN_KEYS) + 1)
        return UNKNOWN_KEYS[kind] if kind < len(UNKNOWN_KEYS) else self._characters()

    def _escaped(self, key):
        """The key with some of its characters written as escapes."""
        return "".join(c if self._roll(3) else self._pick(["\\u%04x", "\\u%04X"]) % ord(c) for c in key)

    def _space(self):
        if self._random.random() > 1 / 12:
            return ""
        return self._pick([" ", "\n", "\t", "\r", "  ", "\r\n"]) if self._roll(60) else "\v"

    def _mutated(self, body):
        """The bytes with one to three of them removed, added, changed, moved or repeated."""
        for _ in range(1 + self._roll(3)):
            place = self._roll(len(body) + 1)
            end = min(len(body), place + 1 + self._roll(12))
            kind = self._roll(7)
            if kind == 0:
                del body[place:place + 1]
            elif kind == 1:
                body.insert(place, self._pick(b'{}[]",:\\ -+.eE0123456789tfnu\n\0'))
            elif kind == 2:
                body.insert(place, self._roll(256))
            elif kind == 3:
                body[place:place + 1] = bytes([self._pick(b'{}[]",:\\ -+.eE09')])
            elif kind == 4 and place < len(body):
                body[place] ^= 1 << self._roll(8)
            elif kind == 5:
                body[place:place] = body[place:end]
            elif self._roll(4) == 0:
                del body[end:]
            else:
                del body[place:end]
        return bytes(body)
