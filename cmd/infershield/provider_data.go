package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strings"
)

func (p *provider) embeddings(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model          string          `json:"model"`
		Input          json.RawMessage `json:"input"`
		EncodingFormat string          `json:"encoding_format"`
	}
	if !decodeRequest(w, r, &request) {
		return
	}
	var inputs []string
	if json.Unmarshal(request.Input, &inputs) != nil {
		inputs = []string{plainText(request.Input)}
	}
	type embedding struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding any    `json:"embedding"` // numbers, or base64 of them
	}
	answer := providerList[embedding]{
		Object: "list", Model: modelOr(request.Model), Usage: usageOf(strings.Join(inputs, " "), ""),
		Data: make([]embedding, 0, len(inputs)),
	}
	for i, input := range inputs {
		vector := embed(input)
		e := embedding{Object: "embedding", Index: i, Embedding: vector}
		if request.EncodingFormat == "base64" {
			e.Embedding = base64Floats(vector)
		}
		answer.Data = append(answer.Data, e)
	}
	replyJSON(w, http.StatusOK, answer)
}

// embed is a unit vector that depends on the text alone.
func embed(text string) []float32 {
	sum := sha256.Sum256([]byte(text))
	vector := make([]float32, embeddingDimensions)
	var norm float64
	for i := range vector {
		vector[i] = float32(int8(sum[i])) / 128
		norm += float64(vector[i]) * float64(vector[i])
	}
	for i := range vector {
		vector[i] /= float32(math.Sqrt(norm))
	}
	return vector
}

func base64Floats(vector []float32) string {
	var b []byte
	for _, f := range vector {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func (p *provider) moderations(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model string          `json:"model"`
		Input json.RawMessage `json:"input"`
	}
	if !decodeRequest(w, r, &request) {
		return
	}
	type result struct {
		Flagged    bool               `json:"flagged"`
		Categories map[string]bool    `json:"categories"`
		Scores     map[string]float64 `json:"category_scores"`
	}
	clean := result{Categories: map[string]bool{}, Scores: map[string]float64{}}
	for _, category := range []string{"harassment", "hate", "illicit", "self-harm", "sexual", "violence"} {
		clean.Categories[category] = false
		clean.Scores[category] = 0.0001
	}
	replyJSON(w, http.StatusOK, struct {
		ID      string   `json:"id"`
		Model   string   `json:"model"`
		Results []result `json:"results"`
	}{"modr-standin", "omni-moderation-latest", []result{clean}})
}

// speech answers with bytes of no text encoding, without a length.
func (p *provider) speech(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Input string `json:"input"`
	}
	if !decodeRequest(w, r, &request) {
		return
	}
	w.Header().Set("Content-Type", "audio/mpeg")
	sum := sha256.Sum256([]byte(request.Input))
	frame := append([]byte{0xff, 0xfb, 0x90, 0x00}, sum[:]...)
	for range 64 {
		if _, err := w.Write(frame); err != nil {
			return
		}
	}
	_ = http.NewResponseController(w).Flush()
}

func (p *provider) files(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(providerUploadMax); err != nil {
		providerError{Message: "Expected a multipart form.", Type: "invalid_request_error"}.write(w, http.StatusBadRequest)
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	file, header, err := r.FormFile("file")
	if err != nil {
		providerError{Message: "'file' is a required property", Type: "invalid_request_error"}.write(w, http.StatusBadRequest)
		return
	}
	defer file.Close()
	size, err := io.Copy(io.Discard, file)
	if err != nil {
		providerError{Message: "The file could not be read.", Type: "invalid_request_error"}.write(w, http.StatusBadRequest)
		return
	}
	replyJSON(w, http.StatusOK, struct {
		ID        string `json:"id"`
		Object    string `json:"object"`
		Bytes     int64  `json:"bytes"`
		CreatedAt int64  `json:"created_at"`
		Filename  string `json:"filename"`
		Purpose   string `json:"purpose"`
		Status    string `json:"status"`
	}{"file-standin", "file", size, createdNow(), header.Filename, r.FormValue("purpose"), "processed"})
}
