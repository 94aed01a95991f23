// Lets Node.js import the files of the SDK unchanged. They are modules written
// for a bundler: their package does not say so, and they leave out extensions.

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!specifier.startsWith(".") || specifier.endsWith(".js")) throw error;
    return next(`${specifier}.js`, context);
  }
}

export async function load(url, context, next) {
  const sdk = url.includes("/improv-wifi-serial-sdk/");
  return next(url, sdk ? { ...context, format: "module" } : context);
}
