#!/bin/sh
# Builds kube-apiserver for `npm run test:kubernetes`, since no registry has it as a program: build-apiserver.sh TARGET
# Needs Go 1.24 or newer, 3 GB of disk and about a quarter of an hour.
set -e
version=v1.34.4
target=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
GO
mod=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
	echo 'module apiserver'
	grep '^go ' "$mod"
	echo "require k8s.io/kubernetes $version"
	# Its own parts are of no version there.
	sed -n "s#^[[:space:]]*\(k8s.io/[a-z-]*\) v0.0.0\$#replace \1 => \1 v0.${version#v1.}#p" "$mod" | sort -u
} >go.mod
go mod tidy
go build -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" -o "$target" .
