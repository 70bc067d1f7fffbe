#!/bin/sh
# Ends what a killed bootstrap left running. The bootstrap writes one line per process group to this script's standard
# input ("add service 123 TERM", "add server 124 INT", "remove 123") and closes it when it ends. A bootstrap that ended
# in order has removed all of them; one that was killed (kill -9, out of memory) has not, and what is left is ended here:
# first the services, so that they can finish with their servers still there, then the servers.
trap '' INT TERM HUP
services=''
servers=''
while read -r action kind group signal; do
  case "$action" in
    add)
      if [ "$kind" = server ]; then servers="$servers $group:$signal"; else services="$services $group:$signal"; fi
      ;;
    remove)
      services=$(printf '%s' "$services" | sed "s/ $kind:[A-Z]*//")
      servers=$(printf '%s' "$servers" | sed "s/ $kind:[A-Z]*//")
      ;;
  esac
done

end_groups() {
  for entry in "$@"; do kill -s "${entry#*:}" -- "-${entry%%:*}" 2>/dev/null; done
  for entry in "$@"; do
    tenths=0
    while kill -s 0 -- "-${entry%%:*}" 2>/dev/null; do
      if [ "$tenths" -ge 300 ]; then
        kill -s KILL -- "-${entry%%:*}" 2>/dev/null
        break
      fi
      sleep 0.1
      tenths=$((tenths + 1))
    done
  done
}

# Unquoted: each word is one entry.
end_groups $services
end_groups $servers
