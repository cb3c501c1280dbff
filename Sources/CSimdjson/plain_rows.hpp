/// Batches as most clients send them: every object has the columns' keys, in their order, and plain decimals.
///
/// Such a text does not need a general reader: it is matched byte for byte, with less than half of the instructions. If
/// anything deviates, simdjson reads the text from its first byte, so that there is one reader of everything else.
#pragma once

#include "json_text.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace json {

/// A key with its quotes, compared as two words; names of at most 14 bytes.
struct quoted_name {
    static constexpr size_t MAXIMUM = 16;

    uint64_t words[2] = {0, 0};
    uint64_t masks[2] = {0, 0};
    size_t length = 0;

    explicit quoted_name(const std::string &name) {
        std::string text = "\"" + name + "\"";
        if (text.size() > MAXIMUM) return;
        length = text.size();
        std::memcpy(words, text.data(), length);
        std::memset(masks, 0xFF, length);
    }

    /// Whether it begins at `p`, where at least 16 bytes are readable.
    bool is_at(const char *p) const {
        uint64_t found[2];
        std::memcpy(found, p, sizeof found);
        return length > 0 && ((found[0] ^ words[0]) & masks[0]) == 0 && ((found[1] ^ words[1]) & masks[1]) == 0;
    }
};

inline const char *skip_white_space(const char *p) {
    if (static_cast<unsigned char>(*p) > ' ') return p;
    while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r') p++;
    return p;
}

constexpr double POWERS_OF_TEN[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
                                    1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};

/// The text length of a plain decimal, as in `row_reader_result`.
///
/// Two decimals of at most 15 digits never have the same double. So a decimal without a zero at its end is the shortest
/// text of its double. Below 1e-4 `repr` prints an exponent.
///
/// @param end where the text ends.
/// @param count the digits before the point.
/// @param magnitude of the double.
inline uint8_t printed_length(const char *end, size_t length, size_t count, size_t decimals, double magnitude,
                              bool negative) {
    if (count + decimals > 15) return 0;
    if (decimals == 0) return negative && magnitude == 0 ? 0 : length | ROW_TEXT_WITHOUT_POINT;
    bool is_shortest = decimals == 1 || (end[-1] != '0' && magnitude >= 1e-4);
    return is_shortest ? length : 0;
}

/// Reads a JSON number without an exponent.
///
/// The quotient of two exact doubles is the nearest double of their decimal (W. D. Clinger, "How to read floating point
/// numbers accurately", 1990); decimals with more digits than that allows go the long way.
///
/// @param text_length as in `row_reader_result`.
/// @return where it ends, NULL if there is none.
// As a function of its own it would cost a fifth of the reader's time.
[[gnu::always_inline]] inline const char *plain_decimal(const char *p, double &value, uint8_t &text_length) {
    const char *start = p;
    bool negative = *p == '-';
    p += negative;
    const char *digits = p;
    uint64_t mantissa = 0;
    while (is_digit(*p)) mantissa = 10 * mantissa + (*p++ - '0');
    size_t count = p - digits;
    if (count == 0 || (count > 1 && *digits == '0')) return nullptr;
    size_t decimals = 0;
    if (*p == '.') {
        const char *fraction = ++p;
        while (is_digit(*p)) mantissa = 10 * mantissa + (*p++ - '0');
        decimals = p - fraction;
        if (decimals == 0) return nullptr;
    }
    if (count + decimals <= LONGEST_SIMDJSON_NUMBER && mantissa <= uint64_t(1) << 53) {
        value = static_cast<double>(mantissa) / POWERS_OF_TEN[decimals];
        text_length = printed_length(p, p - start, count, decimals, value, negative);
        // Python reads `-0` as the integer 0; `-0.0` keeps its sign.
        if (negative && (mantissa > 0 || decimals > 0)) value = -value;
    } else {
        value = nearest_double({start, static_cast<size_t>(p - start)});
        text_length = 0;
        if (value == 0 && decimals == 0) value = 0.0;
    }
    return p;
}

} // namespace json
