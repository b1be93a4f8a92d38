/** Trusted Types (W3C), as far as the page uses them; TypeScript's own library does not have them yet. */

interface Window {
  trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL: (text: string) => string },
    ): { createScriptURL(text: string): object }
  }
}
