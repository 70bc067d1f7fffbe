import { CaptureTag, type Context, type Emitter } from 'liquidjs';
import { asText } from './text.ts';

/** LiquidJS does not count what is captured: a text that is captured twice in a row doubles for nothing. */
export class ChargedCaptureTag extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const text = yield this.liquid.renderer.renderTemplates(this.templates, context, new ChargedEmitter(context));
    const scope = context.bottom() as Record<string, unknown>;
    scope[this.variable] = text;
  }
}

class ChargedEmitter implements Emitter {
  buffer = '';

  constructor(private readonly context: Context) {}

  write(value: unknown): void {
    const text = asText(value);
    this.context.memoryLimit.use(text.length);
    this.buffer += text;
  }
}
