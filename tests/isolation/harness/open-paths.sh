#!/bin/sh
# open-paths.sh UID < PATHS: makes paths enterable for a user, in this mount namespace only. Folders above that are closed
# are covered by empty ones in which nothing but the ways to these paths is to be seen.
set -eu
uid=$1
as() { setpriv --reuid "$uid" --regid "$uid" --clear-groups -- "$@"; }

# The first folder on the way to a path that the user cannot go through.
closed_on_way() {
  way=$1
  parents=
  while [ "$way" != / ]; do
    way=$(dirname "$way")
    parents="$way
$parents"
  done
  printf '%s' "$parents" | while read -r parent; do
    if [ -d "$parent" ] && ! as test -x "$parent"; then
      printf '%s' "$parent"
      break
    fi
  done
}

keeps=$(mktemp -d)
number=0
while read -r path; do
  [ -e "$path" ] || continue
  as test -r "$path" && continue
  number=$((number + 1))
  mkdir "$keeps/$number"
  mount --bind "$path" "$keeps/$number"
  echo "$path" > "$keeps/$number.path"
done
one=0
while [ $one -lt $number ]; do
  one=$((one + 1))
  path=$(cat "$keeps/$one.path")
  as test -r "$path" && continue
  closed=$(closed_on_way "$path")
  [ -z "$closed" ] || mount -t tmpfs -o mode=755,size=1m none "$closed"
  mkdir -p "$path"
  mount --bind "$keeps/$one" "$path"
  as test -r "$path" || echo "$path is closed to $uid itself" >&2
done
