package main

import (
	"context"
	"net"
	"strconv"

	"go.etcd.io/etcd/clientv3"
	naming "go.etcd.io/etcd/clientv3/naming/resolver"
	"google.golang.org/grpc"

	"rollcall/simple"
)

type server struct {
	name string
}

func (s *server) Route(context.Context, *simple.SimpleRequest) (*simple.SimpleResponse, error) {
	return &simple.SimpleResponse{Code: 200, Value: s.name}, nil
}

// serve answers calls of proto/simple.proto with its name, on a port that the system chose, and registers itself.
func serve(client *clientv3.Client, service, name string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	grpcServer := grpc.NewServer()
	simple.RegisterSimpleServer(grpcServer, &server{name})
	go func() { check(grpcServer.Serve(listener)) }()
	withdraw := announce(client, service, listener.Addr().String(), "null", 60)
	report(map[string]string{"registered": listener.Addr().String()})
	untilInputEnds()
	withdraw()
	grpcServer.GracefulStop()
}

// call makes as many calls as each line says, spread by grpc-go over what etcd's resolver found, and reports who answered how often.
func call(client *clientv3.Client, service string) {
	builder, err := naming.NewBuilder(client)
	check(err)
	channel, err := grpc.Dial("etcd:///"+service, grpc.WithInsecure(), grpc.WithResolvers(builder), grpc.WithDefaultServiceConfig(`{"loadBalancingPolicy":"round_robin"}`))
	check(err)
	stub := simple.NewSimpleClient(channel)
	report(map[string]string{"calling": service})
	eachLine(func(line []byte) {
		count, err := strconv.Atoi(string(line))
		check(err)
		answers := map[string]int{}
		for i := 0; i < count; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			response, err := stub.Route(ctx, &simple.SimpleRequest{Data: "from Go"}, grpc.WaitForReady(true))
			cancel()
			check(err)
			answers[response.Value]++
		}
		report(map[string]interface{}{"answers": answers})
	})
	check(channel.Close())
}
