package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"go.etcd.io/etcd/clientv3"
)

type kratosInstance struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Metadata  map[string]string `json:"metadata"`
	Endpoints []string          `json:"endpoints"`
}

var kratos = framework{
	prefix: func(service string) string { return "/microservices/" + service },
	key: func(each instance, _ clientv3.LeaseID) string {
		return fmt.Sprintf("%s/%s/%s", "/microservices", each.Service, each.ID)
	},
	value: func(each instance) string {
		metadata := orNil(each.Metadata)
		if each.Weight != defaultWeight {
			if metadata == nil {
				metadata = map[string]string{}
			}
			metadata["weight"] = strconv.Itoa(each.Weight)
		}
		version := ""
		if each.Version != nil {
			version = *each.Version
		}
		endpoint := url.URL{Scheme: "grpc", Host: each.Address}
		return marshal(kratosInstance{each.ID, each.Service, version, metadata, []string{endpoint.String()}})
	},
	read: func(each *instance, _ string, value []byte) bool {
		var record kratosInstance
		check(json.Unmarshal(value, &record))
		if record.Name != each.Service {
			return false
		}
		for _, endpoint := range record.Endpoints {
			parsed, err := url.Parse(endpoint)
			check(err)
			if parsed.Scheme == "grpc" && each.Address == "" {
				each.Address = parsed.Host
			}
		}
		if weight, err := strconv.ParseInt(record.Metadata["weight"], 10, 64); err == nil {
			each.Weight = int(weight)
			delete(record.Metadata, "weight")
		}
		if record.Version != "" {
			each.Version = &record.Version
		}
		each.ID, each.Metadata = record.ID, record.Metadata
		return each.Address != ""
	},
}
