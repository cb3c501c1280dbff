#include "json_text.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

using namespace json;

struct tensor_reader : text_reader {
    std::string output;
    size_t max_tensors;
    size_t max_numbers;
    std::vector<json_tensor> tensors;
    std::vector<double> values;
    std::vector<uint8_t> kinds;
    tensor_reader_result result{};
    bool has_inputs = false;

    // How deep the parts of a request stand; the request itself is 1.
    static constexpr size_t TENSOR = 3, SHAPE = 4, DATA = 4, NESTED_DATA = 5;

    /// A string without its escapes; simdjson keeps it until the next body.
    bool text(ondemand::value value, json_string &text, const char *why) {
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        if (type != ondemand::json_type::string) return fail(why);
        std::string_view unescaped;
        if (!string(value, unescaped)) return false;
        text = {reinterpret_cast<const uint8_t *>(unescaped.data()), unescaped.size()};
        return true;
    }

    /// Whether the value is null, which clients send for what they leave out; then it is consumed.
    bool null(ondemand::value &value, bool &is_null) {
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        is_null = type == ondemand::json_type::null;
        return !is_null || ignore(value, 1);
    }

    /// Calls back with each field of an object.
    template <typename Take> bool fields(ondemand::object object, Take take) {
        for (auto entry : object) {
            ondemand::field field;
            if (error_code error = std::move(entry).get(field)) return fail(error);
            raw_string_scan scan(field.key().raw());
            if (!scan.paired) return fail(LONE_SURROGATE);
            std::string_view key(field.key().raw(), scan.end - field.key().raw());
            if (scan.escaped) {
                if (error_code error = field.unescaped_key().get(key)) return fail(error);
            }
            if (!take(key, field.value())) return false;
        }
        return true;
    }

    /// Calls back with each element of a value that must be a list.
    template <typename Take> bool elements(ondemand::value value, const char *why, Take take) {
        ondemand::array array;
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        if (type != ondemand::json_type::array) return fail(why);
        if (error_code error = value.get_array().get(array)) return fail(error);
        for (auto element : array) {
            ondemand::value inner;
            if (error_code error = std::move(element).get(inner)) return fail(error);
            if (!take(inner)) return false;
        }
        return true;
    }

    bool object(ondemand::value value, const char *why, ondemand::object &object) {
        ondemand::json_type type;
        if (error_code error = value.type().get(type)) return fail(error);
        if (type != ondemand::json_type::object) return fail(why);
        if (error_code error = value.get_object().get(object)) return fail(error);
        return true;
    }

    /// Makes room for one number more; the caller's limits bound how far this goes.
    void reserve(size_t numbers) {
        if (numbers <= values.size()) return;
        size_t room = std::min(max_numbers, std::max(numbers, 2 * values.size()));
        values.resize(room);
        kinds.resize(room);
    }

    bool scalar(ondemand::value value, ondemand::json_type type) {
        double read = 0;
        row_cell_kind kind = ROW_CELL_WRONG_TYPE;
        bool is_number = type == ondemand::json_type::number;
        if (!(is_number ? number(value, read, kind) : ignore(value, NESTED_DATA))) return false;
        if (result.number_count < max_numbers) {
            reserve(result.number_count + 1);
            values[result.number_count] = read;
            kinds[result.number_count] = kind;
        }
        result.number_count++;
        return true;
    }

    bool data(ondemand::value value, json_tensor &tensor) {
        // Of a repeated key the last one counts.
        result.number_count = tensor.first;
        tensor.has_data = true;
        tensor.data_shape[0] = tensor.data_shape[1] = 0;
        bool nested = false, regular = true;
        bool read = elements(value, "a tensor's data must be a list", [&](ondemand::value element) {
            ondemand::json_type type;
            if (error_code error = element.type().get(type)) return fail(error);
            bool is_list = type == ondemand::json_type::array;
            regular &= tensor.data_shape[0] == 0 || is_list == nested;
            nested = is_list;
            size_t width = 0;
            bool is_read = !is_list ? scalar(element, type) : elements(element, "", [&](ondemand::value inner) {
                ondemand::json_type type;
                if (error_code error = inner.type().get(type)) return fail(error);
                regular &= type != ondemand::json_type::array;
                width++;
                return scalar(inner, type);
            });
            regular &= !is_list || tensor.data_shape[0] == 0 || width == tensor.data_shape[1];
            tensor.data_shape[0]++;
            tensor.data_shape[1] = width;
            return is_read;
        });
        tensor.data_rank = !regular ? 0 : nested ? 2 : 1;
        tensor.count = result.number_count - tensor.first;
        return read;
    }

    bool shape(ondemand::value value, json_tensor &tensor) {
        tensor.has_shape = true;
        tensor.rank = 0;
        return elements(value, "a tensor's shape must be a list", [&](ondemand::value element) {
            ondemand::json_type type;
            if (error_code error = element.type().get(type)) return fail(error);
            double read = -1;
            row_cell_kind kind = ROW_CELL_WRONG_TYPE;
            bool is_number = type == ondemand::json_type::number;
            bool is_integer = is_number && element.raw_json_token().find_first_of(".eE") == std::string_view::npos;
            if (!(is_number ? number(element, read, kind) : ignore(element, SHAPE))) return false;
            // Larger ones would not be exact integers.
            bool is_length = is_integer && kind == ROW_CELL_NUMBER && read >= 0 && read <= 9007199254740992.0;
            if (tensor.rank < 2) tensor.shape[tensor.rank] = is_length ? static_cast<int64_t>(read) : -1;
            tensor.rank++;
            return true;
        });
    }

    bool tensor(ondemand::value value, json_tensor &tensor) {
        ondemand::object object;
        if (!this->object(value, "a tensor must be an object", object)) return false;
        return fields(object, [&](std::string_view key, ondemand::value value) {
            if (key == "name") return text(value, tensor.name, "a tensor's name must be a string");
            if (key == "datatype") return text(value, tensor.datatype, "a tensor's datatype must be a string");
            if (key == "shape") return shape(value, tensor);
            if (key == "data") return data(value, tensor);
            return ignore(value, TENSOR);
        });
    }

    bool inputs(ondemand::value value) {
        has_inputs = true;
        result.tensor_count = 0;
        result.number_count = 0;
        tensors.clear();
        return elements(value, "inputs must be a list of tensors", [&](ondemand::value element) {
            json_tensor next{};
            next.first = result.number_count;
            if (!tensor(element, next)) return false;
            if (tensors.size() < max_tensors) tensors.push_back(next);
            result.tensor_count++;
            return true;
        });
    }

    bool outputs(ondemand::value value) {
        bool is_null;
        if (!null(value, is_null)) return false;
        result.unknown_output = {};
        if (is_null) return true;
        bool is_asked = false;
        return elements(value, "outputs must be a list of tensors", [&](ondemand::value element) {
            ondemand::object object;
            json_string name{};
            if (!this->object(element, "an output must be an object", object)) return false;
            bool read = fields(object, [&](std::string_view key, ondemand::value value) {
                if (key == "name") return text(value, name, "an output's name must be a string");
                return ignore(value, TENSOR);
            });
            if (!read) return false;
            if (!name.start) return fail("an output must have a name");
            std::string_view text(reinterpret_cast<const char *>(name.start), name.length);
            if (text == output && is_asked) return fail("an output is asked for twice");
            is_asked |= text == output;
            if (text != output && !result.unknown_output.start) result.unknown_output = name;
            return true;
        });
    }

    bool field(std::string_view key, ondemand::value value) {
        if (key == "inputs") return inputs(value);
        if (key == "outputs") return outputs(value);
        if (key != "id") return ignore(value, 1);
        bool is_null;
        result.id = {};
        return null(value, is_null) && (is_null || text(value, result.id, "id must be a string"));
    }

    bool read(std::string_view body) {
        if (body.find_first_not_of(WHITE_SPACE) == body.npos) return fail(EMPTY);
        // Newer versions of simdjson skip it.
        if (body.substr(0, 3) == "\xEF\xBB\xBF") return fail("a byte-order mark");
        ondemand::document document;
        error_code error = parser.iterate(body.data(), body.size(), body.size() + SIMDJSON_PADDING).get(document);
        if (error) return fail(error);
        ondemand::object request;
        ondemand::json_type type;
        if (error_code error = document.type().get(type)) return fail(error);
        if (type != ondemand::json_type::object) return fail("the request must be a JSON object");
        if (error_code error = document.get_object().get(request)) return fail(error);
        has_inputs = false;
        auto take = [&](std::string_view key, ondemand::value value) { return field(key, value); };
        if (!fields(request, take)) return false;
        // 3.0.1 has no document::at_end().
        if (document.current_location().error() != OUT_OF_BOUNDS) return fail(TRAILING);
        return has_inputs || fail("inputs, the list of tensors, is missing");
    }
};

tensor_reader *tensor_reader_create(const char *output, size_t max_tensors, size_t max_numbers, size_t max_bytes,
                                    size_t max_depth) try {
    auto reader = std::make_unique<tensor_reader>();
    reader->output = output;
    reader->max_tensors = max_tensors;
    reader->max_numbers = max_numbers;
    reader->max_depth = max_depth;
    reader->parser = ondemand::parser(max_bytes);
    reader->tensors.reserve(max_tensors);
    reader->reserve(std::min<size_t>(max_numbers, 128));
    return reader.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

void tensor_reader_destroy(tensor_reader *reader) { delete reader; }

tensor_reader_result tensor_reader_read(tensor_reader *reader, const uint8_t *json, size_t length) {
    reader->reason = nullptr;
    reader->result = {};
    reader->tensors.clear();
    std::string_view body(reinterpret_cast<const char *>(json), length);
    try {
        bool is_request = reader->read(body);
        if (!is_request && !reader->reason) reader->reason = MALFORMED;
    } catch (const std::bad_alloc &) {
        reader->reason = "no memory left to read it";
    }
    tensor_reader_result result = reader->result;
    result.reason = reader->reason;
    result.names_binary_size = reader->reason && body.find("\"binary_data_size\"") != body.npos;
    result.tensors = reader->tensors.data();
    result.values = reader->values.data();
    result.kinds = reader->kinds.data();
    return result;
}
