package main

import (
	"encoding/json"
	"path"
	"strings"

	"go.etcd.io/etcd/clientv3"
)

type goMicroService struct {
	Name      string             `json:"name"`
	Version   string             `json:"version"`
	Metadata  map[string]string  `json:"metadata"`
	Endpoints []*goMicroEndpoint `json:"endpoints"`
	Nodes     []*goMicroNode     `json:"nodes"`
}

type goMicroNode struct {
	Metadata map[string]string `json:"metadata"`
	Id       string            `json:"id"`
	Address  string            `json:"address"`
}

// goMicroEndpoint describes a method; the servers here have none to describe.
type goMicroEndpoint struct {
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata"`
}

// What a server says that was given no version.
const goMicroNoVersion = "latest"

var goMicro = framework{
	prefix: func(service string) string {
		return path.Join("/micro/registry", strings.Replace(service, "/", "-", -1)) + "/"
	},
	key: func(each instance, _ clientv3.LeaseID) string {
		return path.Join("/micro/registry", strings.Replace(each.Service, "/", "-", -1), strings.Replace(each.ID, "/", "-", -1))
	},
	value: func(each instance) string {
		version := goMicroNoVersion
		if each.Version != nil {
			version = *each.Version
		}
		node := &goMicroNode{orNil(each.Metadata), each.ID, each.Address}
		return marshal(goMicroService{each.Service, version, nil, []*goMicroEndpoint{}, []*goMicroNode{node}})
	},
	read: func(each *instance, _ string, value []byte) bool {
		var record *goMicroService
		check(json.Unmarshal(value, &record))
		if record.Version != goMicroNoVersion {
			each.Version = &record.Version
		}
		node := record.Nodes[0]
		each.ID, each.Address, each.Metadata = node.Id, node.Address, node.Metadata
		return record.Name == each.Service
	},
}
