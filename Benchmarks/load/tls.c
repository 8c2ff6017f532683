/* TLS, by OpenSSL. Nothing is verified: the certificate is one that the benchmark made for itself. */

#include "load.h"

#include <errno.h>
#include <openssl/ssl.h>

static SSL_CTX *context(void) {
    static SSL_CTX *made;
    if (made) return made;
    if (!(made = SSL_CTX_new(TLS_client_method()))) fail("no TLS");
    SSL_CTX_set_verify(made, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    return made;
}

void tls_start(struct client *c) {
    SSL *tls = SSL_new(context());
    if (!tls || SSL_set_fd(tls, c->fd) != 1) fail("no TLS");
    SSL_set_connect_state(tls);
    c->tls = tls;
}

bool tls_shake(struct client *c) {
    int done = SSL_do_handshake(c->tls);
    if (done == 1) return true;
    if (SSL_get_error(c->tls, done) != SSL_ERROR_WANT_READ) fail("client %u: the TLS handshake failed", c->number);
    return false;
}

/* All that is there, since what OpenSSL has read ahead wakes nobody. */
ptrdiff_t tls_recv(struct client *c, void *bytes, size_t size) {
    size_t got = 0;
    while (got < size) {
        int one = SSL_read(c->tls, (char *)bytes + got, (int)(size - got));
        if (one > 0) {
            got += (size_t)one;
            continue;
        }
        int error = SSL_get_error(c->tls, one);
        if (got || error == SSL_ERROR_ZERO_RETURN) break;
        errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
        return -1;
    }
    return (ptrdiff_t)got;
}

ptrdiff_t tls_send(struct client *c, const void *bytes, size_t size) {
    int sent = SSL_write(c->tls, bytes, (int)size);
    if (sent > 0) return sent;
    int error = SSL_get_error(c->tls, sent);
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

void tls_end(struct client *c) {
    SSL_free(c->tls);
    c->tls = NULL;
}
