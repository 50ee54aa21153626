// Calls one operation of Aiven's Go client: OPERATION PROJECT [ID [BODY]]. Prints {"ok": ...} or {"error": {...}}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	aiven "github.com/aiven/go-client-codegen"
	"github.com/aiven/go-client-codegen/handler/cmk"
)

func main() {
	args := append(os.Args[1:], "", "")
	ok, err := call(args[0], args[1], args[2], args[3])
	reply := map[string]any{"ok": ok}
	if err != nil {
		reply = map[string]any{"error": map[string]any{
			"message":       err.Error(),
			"notFound":      aiven.IsNotFound(err),
			"alreadyExists": aiven.IsAlreadyExists(err),
		}}
	}
	text, err := json.Marshal(reply)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func call(operation, project, id, body string) (any, error) {
	client, err := aiven.NewClient()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	switch operation {
	case "accessors":
		return client.CMKAccessorsList(ctx, project)
	case "create":
		in := new(cmk.CMKCreateIn)
		if err := json.Unmarshal([]byte(body), in); err != nil {
			return nil, err
		}
		return client.CMKCreate(ctx, project, in)
	case "get":
		return client.CMKGet(ctx, project, id)
	case "update":
		var in *cmk.CMKUpdateIn
		if body != "" {
			if err := json.Unmarshal([]byte(body), &in); err != nil {
				return nil, err
			}
		}
		return client.CMKUpdate(ctx, project, id, in)
	case "delete":
		return client.CMKDelete(ctx, project, id)
	case "check":
		return client.CMKAccessCheckTrigger(ctx, project, id)
	}
	return nil, fmt.Errorf("there is no operation %q", operation)
}
