#!/bin/sh
# The program of the images that tests of Pods run: what each spider does is told by its name.
say() { printf '%s\n' "$1" > "$SHUB_FIFO_PATH"; }
count() { n=0; while [ $n -lt $1 ]; do say "ITM {\"n\": $n}"; n=$((n+1)); sleep 0.1; done; }
case "$SHUB_SPIDER" in
facts)
  echo kept > "$HOME/file"; kept=$(cat file)
  say "ITM {\"uid\": $(id -u), \"cwd\": \"$(pwd)\", \"kept\": \"$kept\", \"key\": \"$SHUB_JOBKEY\", \"data\": $SHUB_JOB_DATA, \"settings\": $SHUB_SETTINGS, \"mine\": \"$MINE\", \"mb\": $SHUB_JOB_MEMORY_LIMIT}"
  say 'LOG {"message": "from the pipe", "level": 30}'
  echo 'to stdout'; echo 'to stderr' >&2
  say 'FIN {"outcome": "all_done"}' ;;
polite) trap 'say "FIN {\"outcome\": \"shutdown\"}"; exit 0' TERM; count 3000 ;;
deaf) trap '' TERM; count 3000 ;;
few) count 60; say 'FIN {"outcome": "finished"}' ;;
greedy) tail /dev/zero ;;
wrong) exit 7 ;;
# Ends the process that hands on orders, which was started after this one.
rebel) trap '' TERM; kill -9 $(($$ + 1)); count 3000 ;;
nosy)
  for path in /run/spiderhub/orders /run/spiderhub/new /new /var/spiderhub/kill; do
    if echo KILL 2>/dev/null >"$path"; then say "ITM {\"wrote\": \"$path\"}"; fi
  done
  for path in /var/spiderhub /var/run/secrets /run/secrets /etc/shadow; do
    if [ -r "$path" ]; then say "ITM {\"saw\": \"$path\"}"; fi
  done
  say "ITM {\"variables\": \"$(env | grep -iE 'AGENT|KUBERNETES|DATABASE|REDIS' | tr '\n' ' ')\"}"
  say "ITM {\"processes\": \"$(cat /proc/[0-9]*/comm | sort -u | tr '\n' ' ')\"}"
  say 'FIN {"outcome": "finished"}' ;;
esac
