package main

import (
	"context"
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"sync"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/naming/endpoints"
	naming "go.etcd.io/etcd/clientv3/naming/resolver"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
)

// register announces an address as the documentation of the naming package does, and withdraws it at the end.
// ttl says, in seconds, how long its record stays if it cannot.
func register(client *clientv3.Client, service, address, metadata, ttl string) {
	seconds, err := strconv.ParseInt(ttl, 10, 64)
	check(err)
	withdraw := announce(client, service, address, metadata, seconds)
	report(map[string]string{"registered": address})
	untilInputEnds()
	withdraw()
}

func announce(client *clientv3.Client, service, address, metadata string, ttl int64) (withdraw func()) {
	ctx := context.Background()
	endpoint := endpoints.Endpoint{Addr: address}
	check(json.Unmarshal([]byte(metadata), &endpoint.Metadata))
	manager, err := endpoints.NewManager(client, service)
	check(err)
	lease, err := client.Grant(ctx, ttl)
	check(err)
	alive, err := client.KeepAlive(ctx, lease.ID)
	check(err)
	go func() {
		for range alive {
		}
	}()
	key := service + "/" + address
	check(manager.AddEndpoint(ctx, key, endpoint, clientv3.WithLease(lease.ID)))
	return func() {
		soon, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		check(manager.DeleteEndpoint(soon, key))
	}
}

type resolved struct {
	Addr     string      `json:"addr"`
	Metadata interface{} `json:"metadata"`
}

// connection stands where grpc.Dial puts a channel: the resolver tells it the addresses.
type connection struct {
	resolver.ClientConn
	mutex sync.Mutex
}

func (c *connection) UpdateState(state resolver.State) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	addresses := []resolved{}
	for _, address := range state.Addresses {
		addresses = append(addresses, resolved{address.Addr, address.Metadata})
	}
	sort.Slice(addresses, func(i, j int) bool { return addresses[i].Addr < addresses[j].Addr })
	report(map[string]interface{}{"addresses": addresses})
}

func (c *connection) ReportError(err error) { check(err) }

func (c *connection) NewAddress([]resolver.Address) {
	check(errors.New("the resolver used NewAddress"))
}

func (c *connection) NewServiceConfig(string) {
	check(errors.New("the resolver used NewServiceConfig"))
}

func (c *connection) ParseServiceConfig(string) *serviceconfig.ParseResult { return nil }

// resolve reports the addresses whenever etcd's resolver has new ones.
func resolve(client *clientv3.Client, service string) {
	builder, err := naming.NewBuilder(client)
	check(err)
	resolver, err := builder.Build(resolver.Target{Scheme: builder.Scheme(), Endpoint: service}, &connection{}, resolver.BuildOptions{})
	check(err)
	report(map[string]string{"resolving": service})
	untilInputEnds()
	resolver.Close()
}
