// An app behind doorward: says who is asking. `go run ./example PORT KEYID KEY`
package main

import (
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/doorward"
)

func main() {
	port, keyid := os.Args[1], os.Args[2]
	key, err := hex.DecodeString(os.Args[3])
	check(err)
	verifier, err := doorward.NewSignatureVerifier(map[string][]byte{keyid: key})
	check(err)
	gate, err := doorward.NewGate(verifier, nil)
	check(err)
	app := http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		user := ""
		if identity := doorward.FromContext(request.Context()); identity != nil {
			user = identity.User
		}
		fmt.Fprintf(writer, "user=%s header=%s\n", user, request.Header.Get("Remote-User"))
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, gate.Middleware(app)))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
