#!/bin/sh
# A machine with a systemd of its own, in namespaces of its own: run by `unshare`. It sees the system's programs and
# nothing that it could change. $1: an empty folder, $2: the folder of the tests' program.
set -eu
root=$1
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -p "$root/usr" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/var/log" "$root/etc" "$root/tests"
mount --rbind /usr "$root/usr"
mount -o remount,ro,bind "$root/usr"
mount --bind "$2" "$root/tests"
mount -o remount,ro,bind "$root/tests"
for name in bin sbin lib lib32 lib64 libx32; do
    [ ! -e "/$name" ] || ln -s "usr/$name" "$root/$name"
done
for name in passwd group ld.so.cache; do
    [ ! -e "/etc/$name" ] || cp "/etc/$name" "$root/etc/"
done
echo 5b1f9c0f5b7a4f0c9d3f8f7f1c2d3e4f >"$root/etc/machine-id"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mount -t tmpfs -o mode=755 tmpfs "$root/run"

# These units and no others: none of the system's is started, and nothing is cleaned up.
units=$root/run/units
mkdir "$units"
for name in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket dbus.service dbus.socket; do
    cp "/lib/systemd/system/$name" "$units/"
done
for name in sysinit basic sockets shutdown; do
    printf '[Unit]\nDefaultDependencies=no\n' >"$units/$name.target"
done
printf '[Unit]\nWants=dbus.socket systemd-journald.socket\n' >"$units/tests.target"
cat >"$units/farhand-example.service" <<'UNIT'
[Unit]
Description=An example = of the tests
[Service]
ExecStart=/bin/sh -c 'echo "<4>a warning of it"; echo "an ordinary line"; exec sleep 1000'
UNIT
cat >"$units/farhand-broken.service" <<'UNIT'
[Unit]
Description=One that fails
[Service]
ExecStart=/bin/false
UNIT
export container=farhand-tests SYSTEMD_UNIT_PATH=/run/units
exec chroot "$root" /lib/systemd/systemd --system --unit=tests.target --log-target=null --show-status=no
