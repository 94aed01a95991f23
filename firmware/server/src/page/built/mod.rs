//! Written by `scripts/control-page`: the pages, and what their fields say.

/// The entity tag of `control.html.gz`.
pub(super) const CONTROL_ETAG: &str = "\"6da04d1062d77da8\"";

/// The `Content-Security-Policy` of `control.html.gz`.
pub(super) const CONTROL_POLICY: &str = "default-src 'none'; \
     script-src 'sha256-BoC7UzQGsNLGPoSX/tpg24xyC6jztsi4i5M6w9ulUD8='; \
     style-src 'sha256-+xX9FJU/q84c/gqq3eGHNdVRcIVSF5cJCYn/wLdLJx4='; \
     img-src data:; \
     connect-src 'self'; \
     require-trusted-types-for 'script'; \
     trusted-types 'none'; \
     base-uri 'none'; \
     form-action 'none'; \
     frame-ancestors 'none'";

/// The `Content-Security-Policy` of `locked.html`.
pub(super) const LOCKED_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-kK2nt51DXgSI+lM3czbzMkdvIiUmzpq3Evs4LJS88iA='; \
     img-src data:; \
     base-uri 'none'; \
     form-action 'none'; \
     frame-ancestors 'none'";
