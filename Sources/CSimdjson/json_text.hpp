/// What all readers of this target share: JSON's grammar where simdjson 3.0.1 does not keep it, and values that are
/// consumed whole.
#pragma once

#include "CSimdjson.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace json {

using namespace simdjson;

// simdjson 3.0.1 loses digits of `0.` followed by more than 19 digits and wraps exponents of 19 digits. A token of at
// most this many bytes can have neither; longer ones go through std::from_chars.
constexpr size_t LONGEST_SIMDJSON_NUMBER = 19;

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of the JSON number at the start of `text`, 0 if there is none (RFC 8259, section 6).
inline size_t number_length(std::string_view text) {
    size_t i = 0;
    auto digits = [&] {
        size_t start = i;
        while (i < text.size() && is_digit(text[i])) i++;
        return i > start;
    };
    if (i < text.size() && text[i] == '-') i++;
    if (i < text.size() && text[i] == '0') {
        i++;
    } else if (!digits()) {
        return 0;
    }
    if (i < text.size() && text[i] == '.') {
        i++;
        if (!digits()) return 0;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
        if (!digits()) return 0;
    }
    return i;
}

/// The nearest double of a text that is a JSON number from first to last byte; infinite where it overflows.
inline double nearest_double(std::string_view number) {
#if defined(__cpp_lib_to_chars)
    double value = 0;
    auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
    if (parsed.ec == std::errc()) return value;
#endif
    // Overflow and underflow are both "out of range" here; strtod distinguishes them (the locale is never set).
    return std::strtod(std::string(number).c_str(), nullptr);
}

/// The value of four hexadecimal digits; above 0xFFFF if one of them is not such a digit.
inline uint32_t hex4(const char *p) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        uint32_t digit = is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 0x10000;
        value = (value << 4) | digit;
    }
    return value;
}

/// Walks a raw JSON string from after its opening quote to its closing one; finds whether it has escapes, and whether
/// each escaped surrogate is one of a pair (simdjson 3.0.1 lets lone ones pass).
struct raw_string_scan {
    const char *end;
    bool escaped = false;
    bool paired = true;

    explicit raw_string_scan(const char *p) {
        bool after_high = false;
        while (*p != '"') {
            if (*p != '\\') {
                paired &= !after_high;
                after_high = false;
                p++;
                continue;
            }
            escaped = true;
            uint32_t unit = p[1] == 'u' ? hex4(p + 2) : 0;
            bool low = unit >= 0xDC00 && unit <= 0xDFFF;
            paired &= low == after_high;
            after_high = unit >= 0xD800 && unit <= 0xDBFF;
            // A malformed \u is stepped over as two characters, so that the closing quote is never missed; simdjson
            // refuses it when it unescapes the string.
            p += p[1] == 'u' && unit <= 0xFFFF ? 6 : 2;
        }
        paired &= !after_high;
        end = p;
    }
};

constexpr const char *WHITE_SPACE = " \t\n\r";
constexpr const char *MALFORMED = "malformed JSON";
constexpr const char *TOO_DEEP = "nested too deep";
constexpr const char *LONE_SURROGATE = "a lone surrogate in a string";
constexpr const char *TRAILING = "more text after the end of the value";

inline const char *describe(error_code error) {
    switch (error) {
    case EMPTY: return "the body is empty";
    case UTF8_ERROR: return "not valid UTF-8";
    case UNCLOSED_STRING: return "a string that does not end";
    case UNESCAPED_CHARS: return "a control character in a string";
    case INCOMPLETE_ARRAY_OR_OBJECT: return "an array or object that does not end";
    case NUMBER_ERROR: return "a malformed number";
    case STRING_ERROR: return "a malformed escape in a string";
    case CAPACITY: return "the body is too large";
    default: return MALFORMED;
    }
}


/// One text at a time, read with On-Demand.
struct text_reader {
    size_t max_depth = 0;
    ondemand::parser parser;
    const char *reason = nullptr;

    /// Each method below answers false, with the reason noted, when the text is not well formed.
    bool fail(const char *why) {
        reason = why;
        return false;
    }
    bool fail(error_code error) { return fail(describe(error)); }

    bool number(ondemand::value value, double &number, row_cell_kind &kind) {
        std::string_view token = value.raw_json_token();
        if (token.size() > LONGEST_SIMDJSON_NUMBER || value.get_double().get(number)) {
            // The token must end where the number does, or in white space. It stays unread here: simdjson's iterators
            // skip what was not consumed.
            size_t length = number_length(token);
            if (length == 0 || token.find_first_not_of(WHITE_SPACE, length) != token.npos) return fail(NUMBER_ERROR);
            number = nearest_double(token.substr(0, length));
        }
        if (number == 0 && token[0] == '-' && is_integer_zero(token)) number = 0.0;
        kind = std::isfinite(number) ? ROW_CELL_NUMBER : ROW_CELL_NOT_FINITE;
        return true;
    }

    /// Whether the token is the integer `-0`, which Python reads as 0. `-0.0`, `-0e5` and `-96e-400`, whose double is
    /// zero, keep their sign.
    static bool is_integer_zero(std::string_view token) {
        char next = token.size() > 2 ? token[2] : ' ';
        return token.size() > 1 && token[1] == '0' && next != '.' && next != 'e' && next != 'E';
    }

    bool string(ondemand::value value, std::string_view &text) {
        std::string_view token = value.raw_json_token();
        if (!raw_string_scan(token.data() + 1).paired) return fail(LONE_SURROGATE);
        if (error_code error = value.get_string().get(text)) return fail(error);
        return true;
    }

    /// Consumes a value that is not needed.
    bool ignore(ondemand::value value, size_t depth) {
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        switch (type) {
        case ondemand::json_type::number: {
            double unused;
            row_cell_kind kind;
            return number(value, unused, kind);
        }
        case ondemand::json_type::string: {
            std::string_view unused;
            return string(value, unused);
        }
        case ondemand::json_type::boolean: {
            bool unused;
            if (error_code error = value.get_bool().get(unused)) return fail(error);
            return true;
        }
        case ondemand::json_type::null: {
            bool is_null = false;
            if (value.is_null().get(is_null) || !is_null) return fail(MALFORMED);
            return true;
        }
        case ondemand::json_type::array: {
            if (depth >= max_depth) return fail(TOO_DEEP);
            ondemand::array array;
            if (error_code error = value.get_array().get(array)) return fail(error);
            for (auto element : array) {
                ondemand::value inner;
                if (error_code error = std::move(element).get(inner)) return fail(error);
                if (!ignore(inner, depth + 1)) return false;
            }
            return true;
        }
        case ondemand::json_type::object: {
            if (depth >= max_depth) return fail(TOO_DEEP);
            ondemand::object object;
            if (error_code error = value.get_object().get(object)) return fail(error);
            for (auto field : object) {
                ondemand::field inner;
                if (error_code error = std::move(field).get(inner)) return fail(error);
                raw_string_scan key(inner.key().raw());
                if (!key.paired) return fail(LONE_SURROGATE);
                std::string_view unescaped;
                if (key.escaped) {
                    if (error_code error = inner.unescaped_key().get(unescaped)) return fail(error);
                }
                if (!ignore(inner.value(), depth + 1)) return false;
            }
            return true;
        }
        }
        return fail(MALFORMED);
    }
};

} // namespace json
