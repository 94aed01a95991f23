//! Written by `scripts/control-page`: the pages, and what their fields say.

/// The entity tag of `control.html.gz`.
pub(super) const CONTROL_ETAG: &str = "\"4959306272fee9eb\"";

/// The `Content-Security-Policy` of `control.html.gz`.
pub(super) const CONTROL_POLICY: &str = "default-src 'none'; \
     script-src 'sha256-Ls1VAmap3fm30ezWKUxBNNsyw90EKLcio6eAVppe838='; \
     style-src 'sha256-PevCszDXP6KkKcUCgEu+xsfT5cBIeiIAOm7XUMhV0pk='; \
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
