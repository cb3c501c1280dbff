package main

import (
	"encoding/json"
	"os"
)

type model struct {
	Coefficients record  `json:"coefficients"`
	Intercept    float64 `json:"intercept"`
}

func loadModel(path string) (*model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(model)
	return m, json.Unmarshal(text, m)
}

func (m *model) score(r *record) float64 {
	c := &m.Coefficients
	front := (c[0]*r[0] + c[1]*r[1]) + (c[2]*r[2] + c[3]*r[3])
	back := (c[4]*r[4] + c[5]*r[5]) + (c[6]*r[6] + c[7]*r[7])
	return (front + back) + m.Intercept
}

// predict writes the predictions as a JSON array.
func (m *model) predict(records []record, text []byte) []byte {
	text = append(text, '[')
	for index := range records {
		if index > 0 {
			text = append(text, ',')
		}
		text = appendFloat(text, m.score(&records[index]))
	}
	return append(text, ']')
}
