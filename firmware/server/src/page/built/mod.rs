//! Written by `scripts/control-page`: the pages, and what their fields say.

/// The entity tag of `control.html.gz`.
pub(super) const CONTROL_ETAG: &str = "\"4bdee4a911cde13d\"";

/// The `Content-Security-Policy` of `control.html.gz`.
pub(super) const CONTROL_POLICY: &str = "default-src 'none'; \
     script-src 'sha256-uz9Y4y2+14sT9Ju2maNd7ELa5BCPiixL3TaEzNx/Spw='; \
     style-src 'sha256-3RkKUCtlnOcS1LBgAca6zLeBRR6agugCLo5pVtSEni4='; \
     img-src data:; \
     connect-src 'self'; \
     require-trusted-types-for 'script'; \
     trusted-types 'none'; \
     base-uri 'none'; \
     form-action 'none'; \
     frame-ancestors 'none'";

/// The `Content-Security-Policy` of `locked.html`.
pub(super) const LOCKED_POLICY: &str = "default-src 'none'; \
     style-src 'sha256-AnNBOpVFSXHccZW4wSYdkw1WdfV0UNnjN5M2uP+jtCg='; \
     img-src data:; \
     base-uri 'none'; \
     form-action 'none'; \
     frame-ancestors 'none'";
