#!/bin/sh
# Runs a command in namespaces of its own, with an internet of its own: nothing that happens in there reaches the machine.
# enter.sh MARK UID COMMAND...   (UID: of whoever the command is to be; 0 stays root)
# An ordinary user gets a user namespace first and is itself again in another one below it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${ISOLATION_STAGE:-}" != inside ]; then
  export ISOLATION_STAGE=inside
  user=
  if [ "$(id -u)" != 0 ]; then
    export ISOLATION_USER="$(id -u)"
    user='--user --map-root-user'
  fi
  exec unshare $user --net --mount --pid --ipc --fork --kill-child --mount-proc -- "$0" "$@"
fi
unset ISOLATION_STAGE
mark=$1 uid=$2
shift 2
PATH=$PATH:/usr/sbin:/sbin

# A folder of its own for everything that is written.
mount --bind "$ISOLATION_PLACE" "$ISOLATION_WITHIN"

if command -v ip >/dev/null; then
  # The peer is another machine: public addresses, private ones, the metadata service, a name server.
  unshare --net -- sh -c 'trap exit TERM; while :; do sleep 3600; done' & peer=$!
  sleep 0.2
  ip link set lo up
  ip link add out type veth peer name in netns $peer
  ip address add 192.0.2.1/24 dev out
  ip -6 address add 2001:db8:1::1/64 dev out nodad 2>/dev/null || true
  ip address add 10.77.0.1/24 dev out
  ip link set out up
  peer_do() { nsenter --target $peer --net -- "$@"; }
  peer_do ip link set lo up
  peer_do ip link set in up
  for address in 192.0.2.2/24 10.77.0.10/24 203.0.113.10/32 169.254.169.254/32 172.16.5.5/32 100.64.0.5/32 198.18.0.5/32; do
    peer_do ip address add $address dev in
  done
  for address in 2001:db8:1::2/64 2001:db8:2::10/128 fd00::2/128; do
    peer_do ip -6 address add $address dev in nodad 2>/dev/null || true
  done
  ip route add default via 192.0.2.2
  ip -6 route add default via 2001:db8:1::2 2>/dev/null || true
  peer_do ip route add default via 192.0.2.1
  peer_do python3 -I -S "$here/internet.py" "$mark" "${ISOLATION_INDEX:-}" </dev/null >/dev/null 2>&1 &
else
  # SIOCSIFFLAGS: loopback alone, where there is no program to make more.
  python3 -I -S -c 'import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH14x", b"lo", 73))'
fi

# Names are asked for at the peer.
resolv=$(mktemp)
echo 'nameserver 203.0.113.10' > "$resolv"
chmod 644 "$resolv"
mount --bind "$resolv" "$(readlink -f /etc/resolv.conf)" 2>/dev/null || true

if [ "$uid" != 0 ] && [ -z "${ISOLATION_USER:-}" ]; then
  # These may lie where only root goes: they are shown there to this user too, in this mount namespace.
  # Postgres wants to know the name of whoever it runs as.
  names=$(mktemp)
  { cat /etc/passwd; echo "tenants:x:$uid:$uid::/:/bin/sh"; } > "$names"
  chmod 644 "$names"
  mount --bind "$names" /etc/passwd
  printf '%s\n' "$ISOLATION_PATHS" | "$here/open-paths.sh" "$uid"
  exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all -- "$@"
fi
if [ -n "${ISOLATION_USER:-}" ]; then
  exec unshare --user --map-user="$ISOLATION_USER" --map-group="$ISOLATION_USER" -- "$@"
fi
exec "$@"
