import { admitTest } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { TestMessages } from './test-messages.ts';

/** Test messages of recipients to themselves, and of admins who work on templates. */
@Controller()
export class TestMessagesController {
  constructor(private readonly tests: TestMessages) {}

  @MessagePattern(admitTest.name)
  admit(@Payload() request: RequestOf<typeof admitTest>): Promise<ResponseOf<typeof admitTest>> {
    return this.tests.admit(request);
  }
}
