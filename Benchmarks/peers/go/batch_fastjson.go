//go:build !idiomatic

package main

import "github.com/valyala/fastjson"

type decoder struct{ fastjson.Parser }

// read validates all records; it returns the body of a 422 if any of them is invalid.
func (b *batch) read(body []byte) []byte {
	value, err := b.decoder.ParseBytes(body)
	if err != nil {
		return bodyFailure("json_invalid", "JSON decode error")
	}
	items, err := value.Array()
	if err != nil {
		return bodyFailure("list_type", "Input should be a valid list")
	}
	if failure := lengthFailure(len(items)); failure != nil {
		return failure
	}
	var failures failures
	b.records = b.records[:0]
	for index, item := range items {
		b.records = append(b.records, b.readRecord(index, item, &failures))
	}
	if failures.count > 0 {
		return failures.body()
	}
	return nil
}

func (b *batch) readRecord(index int, item *fastjson.Value, failures *failures) (result record) {
	object, err := item.Object()
	if err != nil {
		failures.add("model_type", notARecord, index, "", item.MarshalTo(nil))
		return
	}
	for i := range features {
		feature := &features[i]
		value := object.Get(feature.name)
		if value == nil {
			failures.add("missing", "Field required", index, feature.name, item.MarshalTo(nil))
			continue
		}
		number, kind, message := b.number(value)
		if kind == "" {
			kind, message = feature.check(number)
		}
		if kind != "" {
			failures.add(kind, message, index, feature.name, value.MarshalTo(nil))
		}
		result[i] = number
	}
	return
}

// number converts a JSON number, or a string that holds one. fastjson's own conversion is not always the nearest.
func (b *batch) number(value *fastjson.Value) (number float64, kind, message string) {
	switch value.Type() {
	case fastjson.TypeNumber:
		b.scratch = value.MarshalTo(b.scratch[:0])
		return parse(string(b.scratch), false)
	case fastjson.TypeString:
		return parse(string(value.GetStringBytes()), true)
	default:
		return 0, "float_type", notANumber
	}
}

// answer writes the body of a 200.
func (b *batch) answer(body []byte, key string, prediction []byte) []byte {
	body = append(append(append(body, `{"query_key":"`...), key...), `","inputs":`...)
	body = append(append(append(body, b.echo...), `,"prediction":`...), prediction...)
	return append(body, '}')
}
