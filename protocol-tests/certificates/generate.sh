#!/bin/sh
# Makes the certificates of this directory anew, with OpenSSL 3: an authority, a broker at 127.0.0.1 and a client. They are valid for a
# hundred years and protect nothing, so they are committed, and a test run needs no OpenSSL.
set -eu
cd "$(dirname "$0")"

key() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null
}

# Each subject has another name, because Java takes a certificate with its issuer's name for a self-signed one.
key authority
openssl req -x509 -new -key authority.key -subj /CN=authority -days 36500 -out authority.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign

for name in broker client; do
    key "$name"
    extensions="extendedKeyUsage=serverAuth,clientAuth"
    [ "$name" = client ] || extensions="$extensions
subjectAltName=IP:127.0.0.1"
    openssl req -new -key "$name.key" -subj "/CN=$name" -out "$name.request"
    echo "$extensions" >"$name.extensions"
    openssl x509 -req -in "$name.request" -CA authority.pem -CAkey authority.key -days 36500 \
        -extfile "$name.extensions" -out "$name.pem" 2>/dev/null
    rm "$name.request" "$name.extensions"
done
# The authority signs nothing any more.
rm authority.key
