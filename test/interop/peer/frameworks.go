package main

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/naming/endpoints"
)

// framework says how one of them writes an instance, and what its clients make of a record. The structs have the fields, their order and
// the tags of the framework's own; the bytes are those of Go's encoding/json and net/url.
type framework struct {
	// What its client asks etcd for, and takes every key of.
	prefix func(service string) string
	key    func(each instance, lease clientv3.LeaseID) string
	value  func(each instance) string
	// Fills in what the record says; false where the framework leaves it aside.
	read func(each *instance, key string, value []byte) bool
}

var frameworks = map[string]framework{
	"etcd-naming": etcdNaming,
	"kratos":      kratos,
	"go-zero":     goZero,
	"kitex":       cloudwego("kitex/registry-etcd/"),
	"hertz":       cloudwego("hertz/registry-etcd/"),
	"go-micro":    goMicro,
	"rpcx":        rpcx,
	"dubbo":       dubbo,
}

func frameworkOf(layout string) framework {
	each, known := frameworks[layout]
	if !known {
		check(fmt.Errorf("no framework for layout %s", layout))
	}
	return each
}

func (f framework) put(ctx context.Context, client *clientv3.Client, key string, each instance, lease clientv3.LeaseID) {
	var err error
	if f.value == nil {
		var manager endpoints.Manager
		manager, err = endpoints.NewManager(client, each.Service)
		check(err)
		err = manager.AddEndpoint(ctx, key, endpoints.Endpoint{Addr: each.Address, Metadata: orNil(each.Metadata)}, clientv3.WithLease(lease))
	} else {
		_, err = client.Put(ctx, key, f.value(each), clientv3.WithLease(lease))
	}
	check(err)
}

// orNil is a map that was never made where nothing was put into it.
func orNil(metadata map[string]string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	return metadata
}

func marshal(value interface{}) string {
	text, err := json.Marshal(value)
	check(err)
	return string(text)
}
