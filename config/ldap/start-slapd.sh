#!/bin/sh
# Starts the address book's OpenLDAP in the foreground. Everything comes from the environment; there are no default passwords.
#   LDAP_BASE_DN               dc=tinh,dc=example
#   LDAP_SYNC_PASSWORD_FILE    password of cn=sync,BASE (ldap.bindPasswordFile of Công Thư)
#   LDAP_READER_PASSWORD_FILE  password of cn=reader,BASE, which clients' address books sign in with
#   LDAP_TLS_CERTIFICATE       PEM chain          LDAP_TLS_KEY  its key
#   LDAP_DATA_DIR, LDAP_RUN_DIR                   the database; what lives only while it runs
#   LDAP_URLS                  ldap:// is for StartTLS only
#   LDAP_ANONYMOUS             "read" lets everybody on the network look colleagues up; else nobody without a password
set -eu
umask 077
: "${LDAP_BASE_DN:?}" "${LDAP_SYNC_PASSWORD_FILE:?}" "${LDAP_READER_PASSWORD_FILE:?}" "${LDAP_TLS_CERTIFICATE:?}" "${LDAP_TLS_KEY:?}"
data=${LDAP_DATA_DIR:-/data}
run=${LDAP_RUN_DIR:-/run/ldap}
urls=${LDAP_URLS:-ldap://:1389 ldaps://:1636}
anonymous=auth
[ "${LDAP_ANONYMOUS:-}" = read ] && anonymous=read
here=$(dirname "$0")
mkdir -p "$data" "$run"

case $LDAP_BASE_DN in
  *[\"\|\&\\]*) echo "LDAP_BASE_DN holds a character that slapd.conf cannot" >&2; exit 64 ;;
esac

# by a file, as arguments are seen by every process; without the newline that editors leave
hash_of() {
  tr -d '\r\n' <"$1" >"$run/password"
  [ "$(wc -c <"$run/password")" -ge 12 ] || { echo "$1: a password has at least 12 characters" >&2; exit 64; }
  slappasswd -n -T "$run/password"
  rm "$run/password"
}
sync=$(hash_of "$LDAP_SYNC_PASSWORD_FILE")
reader=$(hash_of "$LDAP_READER_PASSWORD_FILE")

sed -e "s|@BASE_DN@|$LDAP_BASE_DN|g" -e "s|@DATA_DIR@|$data|" -e "s|@RUN_DIR@|$run|" -e "s|@TLS_CERTIFICATE@|$LDAP_TLS_CERTIFICATE|" -e "s|@TLS_KEY@|$LDAP_TLS_KEY|" \
  -e "s|@ANONYMOUS@|$anonymous|" -e "s|@SYNC_PASSWORD@|$sync|" "$here/slapd.conf" >"$run/slapd.conf"

first=${LDAP_BASE_DN%%,*}
type=${first%%=*}
value=${first#*=}
case $type in
  dc) class="objectClass: dcObject
objectClass: organization
o: $value" ;;
  o) class="objectClass: organization" ;;
  ou) class="objectClass: organizationalUnit" ;;
  *) echo "LDAP_BASE_DN begins with dc=, o= or ou=" >&2; exit 64 ;;
esac

if [ ! -e "$data/data.mdb" ]; then
  slapadd -f "$run/slapd.conf" <<END
dn: $LDAP_BASE_DN
objectClass: top
$class
$type: $value

dn: cn=reader,$LDAP_BASE_DN
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: $reader
END
else
  # a changed password counts from the next start on
  slapmodify -f "$run/slapd.conf" <<END
dn: cn=reader,$LDAP_BASE_DN
changetype: modify
replace: userPassword
userPassword: $reader
END
fi

exec slapd -f "$run/slapd.conf" -h "$urls" -d 0
