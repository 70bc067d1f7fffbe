/** MJML 5 brings no types; this is the part of its API that is used (https://documentation.mjml.io/#inside-node-js). */
declare module 'mjml' {
  interface MjmlOptions {
    validationLevel?: 'strict' | 'soft' | 'skip';
    keepComments?: boolean;
    ignoreIncludes?: boolean;
    useMjmlConfigOptions?: boolean;
    fonts?: Record<string, string>;
  }
  export default function mjml2html(mjml: string, options?: MjmlOptions): Promise<{ html: string }>;
}
