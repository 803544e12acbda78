// A Go program that stands on the other side of rollcall: it registers and resolves with etcd's own packages for grpc-go
// (clientv3/naming/endpoints and resolver), and it writes and reads the records of other frameworks with Go's own encoders.
// Built and run by scripts/interop.mjs, from Debian's packages alone. It ends when its standard input does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/clientv3"
)

// How long it waits for a call, and at the end for an etcd that may be gone before it.
const patience = 10 * time.Second

const usage = `peer register <endpoints> <service> <address> <metadata as JSON> <ttl in seconds>
peer resolve <endpoints> <service>
peer serve <endpoints> <service> <name>
peer call <endpoints> <service>      (each line of standard input: how many calls)
peer publish <endpoints> <layout>    (each line of standard input: an instance as JSON)
peer list <endpoints> <layout>       (each line of standard input: a service)`

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal(usage)
	}
	command, args := os.Args[1], os.Args[2:]
	switch {
	case command == "register" && len(args) == 5:
		register(connect(args[0]), args[1], args[2], args[3], args[4])
	case command == "resolve" && len(args) == 2:
		resolve(connect(args[0]), args[1])
	case command == "serve" && len(args) == 3:
		serve(connect(args[0]), args[1], args[2])
	case command == "call" && len(args) == 2:
		call(connect(args[0]), args[1])
	case command == "publish" && len(args) == 2:
		publish(connect(args[0]), args[1])
	case command == "list" && len(args) == 2:
		list(connect(args[0]), args[1])
	default:
		log.Fatal(usage)
	}
}

func connect(endpoints string) *clientv3.Client {
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(endpoints, ",")})
	check(err)
	return client
}

// report writes one line of JSON.
func report(value interface{}) {
	text, err := json.Marshal(value)
	check(err)
	fmt.Println(string(text))
}

// eachLine calls back for every line of standard input, until it ends.
func eachLine(each func(line []byte)) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		each(lines.Bytes())
	}
	check(lines.Err())
}

func untilInputEnds() {
	eachLine(func([]byte) {})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
