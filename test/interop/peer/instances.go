package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"go.etcd.io/etcd/clientv3"
)

// instance is what rollcall and this program say to each other; the frameworks' own words for it are in frameworks.go.
type instance struct {
	Service  string            `json:"service"`
	ID       string            `json:"id"`
	Address  string            `json:"address"`
	Weight   int               `json:"weight"`
	Version  *string           `json:"version,omitempty"`
	Metadata map[string]string `json:"metadata"`
}

const defaultWeight = 100

// publish writes each instance of its standard input as the framework would, under a lease of its own, and withdraws all of them at the end.
func publish(client *clientv3.Client, layout string) {
	ctx := context.Background()
	framework := frameworkOf(layout)
	leases := []clientv3.LeaseID{}
	eachLine(func(line []byte) {
		each := instance{Weight: defaultWeight}
		check(json.Unmarshal(line, &each))
		lease, err := client.Grant(ctx, 60)
		check(err)
		leases = append(leases, lease.ID)
		key := framework.key(each, lease.ID)
		framework.put(ctx, client, key, each, lease.ID)
		report(map[string]string{"key": key, "lease": fmt.Sprint(int64(lease.ID))})
	})
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var group sync.WaitGroup
	for _, lease := range leases {
		group.Add(1)
		go func(lease clientv3.LeaseID) {
			defer group.Done()
			_, err := client.Revoke(soon, lease)
			check(err)
		}(lease)
	}
	group.Wait()
}

// list answers each service name of its standard input by the instances that the framework's client would find.
func list(client *clientv3.Client, layout string) {
	framework := frameworkOf(layout)
	eachLine(func(line []byte) {
		found := []instance{}
		response, err := client.Get(context.Background(), framework.prefix(string(line)), clientv3.WithPrefix())
		check(err)
		for _, record := range response.Kvs {
			each := instance{Service: string(line), Weight: defaultWeight, Metadata: map[string]string{}}
			if framework.read(&each, string(record.Key), record.Value) {
				found = append(found, each)
			}
		}
		report(map[string]interface{}{"instances": found})
	})
}
