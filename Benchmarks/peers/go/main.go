// The contract's scoring call in Go: fasthttp for HTTP, redigo for Redis, and for the batch either fastjson with reused
// memory or, with the tag idiomatic, encoding/json as most services use it.
//
// It listens on 127.0.0.1:PORT; REDIS_PORT is its cache's port, MODEL_PATH the model file of trainer/.
// GOMAXPROCS is the number of threads that run Go code.
package main

import (
	"crypto/md5"
	"encoding/hex"
	"log"
	"os"

	"github.com/valyala/fasthttp"
)

const maximumBodyBytes = 1 << 20

type server struct {
	model *model
	cache *cache
	log   *accessLog
}

func (s *server) handle(ctx *fasthttp.RequestCtx) {
	switch string(ctx.Path()) {
	case "/predict":
		if !ctx.IsPost() {
			ctx.Error(`{"detail":"Method Not Allowed"}`, fasthttp.StatusMethodNotAllowed)
			return
		}
		s.predict(ctx)
		s.log.add(ctx.Response.StatusCode(), len(ctx.Response.Body()))
	case "/readyz":
		ctx.SetBodyString(`{"status":"ready"}`)
	default:
		ctx.Error(`{"detail":"Not Found"}`, fasthttp.StatusNotFound)
	}
}

func (s *server) predict(ctx *fasthttp.RequestCtx) {
	ctx.SetContentType("application/json")
	batch := batches.Get().(*batch)
	defer batches.Put(batch)
	if failures := batch.read(ctx.PostBody()); failures != nil {
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
		ctx.SetBody(failures)
		return
	}
	batch.print()
	digest := md5.Sum(batch.canonical)
	key := hex.EncodeToString(digest[:])
	entry, result := s.cache.lookUp(key, batch.scratch[:0])
	if entry == nil {
		entry = s.model.predict(batch.records, batch.scratch[:0])
		if result == "MISS" {
			s.cache.store(key, entry)
		}
	}
	ctx.Response.Header.Set("X-Cache", result)
	batch.body = batch.answer(batch.body[:0], key, entry)
	ctx.SetBody(batch.body)
	batch.scratch = entry
}

func main() {
	model, err := loadModel(os.Getenv("MODEL_PATH"))
	if err != nil {
		log.Fatal(err)
	}
	s := &server{
		model: model,
		cache: newCache("127.0.0.1:" + os.Getenv("REDIS_PORT")),
		log:   newAccessLog(),
	}
	http := &fasthttp.Server{
		Handler:               s.handle,
		MaxRequestBodySize:    maximumBodyBytes,
		NoDefaultServerHeader: true,
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:" + os.Getenv("PORT")))
}
