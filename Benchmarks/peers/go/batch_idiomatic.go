//go:build idiomatic

package main

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// The standard library's decoder keeps nothing between calls.
type decoder struct{}

// One record as most clients send it: a field that is missing is nil.
type userIn struct {
	MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude, Longitude *float64
}

// record returns false if a field is missing, and for -0, which counts as 0 or -0.0 depending on its spelling.
func (u *userIn) record() (result record, isWhole bool) {
	fields := [featureCount]*float64{
		u.MedInc, u.HouseAge, u.AveRooms, u.AveBedrms, u.Population, u.AveOccup, u.Latitude, u.Longitude,
	}
	for i, field := range fields {
		if field == nil || *field == 0 && math.Signbit(*field) {
			return result, false
		}
		result[i] = *field
	}
	return result, true
}

// One record as received, for unusual batches.
type rawUserIn struct {
	MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude, Longitude json.RawMessage
}

func (u *rawUserIn) fields() [featureCount]json.RawMessage {
	return [...]json.RawMessage{
		u.MedInc, u.HouseAge, u.AveRooms, u.AveBedrms, u.Population, u.AveOccup, u.Latitude, u.Longitude,
	}
}

// The body of a 200.
type userOut struct {
	QueryKey   string          `json:"query_key"`
	Inputs     json.RawMessage `json:"inputs"`
	Prediction json.RawMessage `json:"prediction"`
}

// read validates all records; it returns the body of a 422 if any of them is invalid.
func (b *batch) read(body []byte) []byte {
	var users []userIn
	if err := json.Unmarshal(body, &users); err != nil {
		return b.readRaw(body)
	}
	if failure := lengthFailure(len(users)); failure != nil {
		return failure
	}
	var failures failures
	b.records = b.records[:0]
	for index := range users {
		record, isWhole := users[index].record()
		if !isWhole {
			return b.readRaw(body)
		}
		for i := range features {
			if kind, message := features[i].check(record[i]); kind != "" {
				failures.add(kind, message, index, features[i].name, strconv.AppendFloat(nil, record[i], 'g', -1, 64))
			}
		}
		b.records = append(b.records, record)
	}
	if failures.count > 0 {
		return failures.body()
	}
	return nil
}

// readRaw does the same for any input: it converts strings, and reports what is wrong with each field.
func (b *batch) readRaw(body []byte) []byte {
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return bodyFailure("list_type", "Input should be a valid list")
		}
		return bodyFailure("json_invalid", "JSON decode error")
	}
	if failure := lengthFailure(len(items)); failure != nil {
		return failure
	}
	var failures failures
	b.records = b.records[:0]
	for index, item := range items {
		b.records = append(b.records, readRecord(index, item, &failures))
	}
	if failures.count > 0 {
		return failures.body()
	}
	return nil
}

func readRecord(index int, item json.RawMessage, failures *failures) (result record) {
	var user rawUserIn
	if err := json.Unmarshal(item, &user); err != nil || item[0] != '{' {
		failures.add("model_type", notARecord, index, "", item)
		return
	}
	for i, value := range user.fields() {
		feature := &features[i]
		if value == nil {
			failures.add("missing", "Field required", index, feature.name, item)
			continue
		}
		number, kind, message := readNumber(value)
		if kind == "" {
			kind, message = feature.check(number)
		}
		if kind != "" {
			failures.add(kind, message, index, feature.name, value)
		}
		result[i] = number
	}
	return
}

// readNumber converts a JSON number, or a string that holds one.
func readNumber(value json.RawMessage) (number float64, kind, message string) {
	switch value[0] {
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return 0, "float_type", notANumber
		}
		return parse(text, true)
	case '{', '[', 't', 'f', 'n':
		return 0, "float_type", notANumber
	default:
		return parse(string(value), false)
	}
}

// answer writes the body of a 200.
func (b *batch) answer(body []byte, key string, prediction []byte) []byte {
	text, err := json.Marshal(userOut{key, b.echo, prediction})
	if err != nil {
		panic(err)
	}
	return append(body, text...)
}
