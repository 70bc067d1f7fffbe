import { Controller, Logger } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  checkProvider,
  defaultTenant,
  deleteProvider,
  deliverySettingsChanged,
  getCaps,
  getProvider,
  listProviders,
  putCaps,
  putProvider,
  type CloudEvent,
} from '@carillon/contracts';
import { Messages, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { CapDesk } from '../caps/cap-desk.ts';
import { ProviderDesk } from './provider-desk.ts';
import { ProviderDirectory } from './provider-directory.ts';

/** Answers the gateway's questions about providers and caps, and hears when they changed; the same in every sender. */
@Controller()
export class ProvidersController {
  private readonly logger = new Logger('providers');
  private resealed = false;

  constructor(
    private readonly desk: ProviderDesk,
    private readonly caps: CapDesk,
    private readonly directory: ProviderDirectory,
    messages: Messages,
  ) {
    messages.onConnected(() => this.directory.forgetAll());
    messages.onConnected(() => this.reseal());
  }

  @EventPattern<string>(deliverySettingsChanged.type)
  onChanged(@Payload() { tenant = defaultTenant }: CloudEvent): void {
    this.directory.forget(tenant);
  }

  @MessagePattern(listProviders.name)
  async list(@Payload() { tenant }: RequestOf<typeof listProviders>): Promise<ResponseOf<typeof listProviders>> {
    return { data: await this.desk.list(tenant) };
  }

  @MessagePattern(getProvider.name)
  get(@Payload() { tenant, name }: RequestOf<typeof getProvider>): Promise<ResponseOf<typeof getProvider>> {
    return this.desk.get(tenant, name);
  }

  @MessagePattern(putProvider.name)
  put(@Payload() request: RequestOf<typeof putProvider>): Promise<ResponseOf<typeof putProvider>> {
    const { tenant, name, provider, check, updated_by: updatedBy } = request;
    return this.desk.put(tenant, name, provider, { check, updatedBy });
  }

  @MessagePattern(deleteProvider.name)
  remove(@Payload() { tenant, name }: RequestOf<typeof deleteProvider>): Promise<ResponseOf<typeof deleteProvider>> {
    return this.desk.remove(tenant, name);
  }

  @MessagePattern(checkProvider.name)
  check(@Payload() { tenant, name }: RequestOf<typeof checkProvider>): Promise<ResponseOf<typeof checkProvider>> {
    return this.desk.check(tenant, name);
  }

  @MessagePattern(getCaps.name)
  getCaps(@Payload() { tenant }: RequestOf<typeof getCaps>): Promise<ResponseOf<typeof getCaps>> {
    return this.caps.get(tenant);
  }

  @MessagePattern(putCaps.name)
  putCaps(@Payload() request: RequestOf<typeof putCaps>): Promise<ResponseOf<typeof putCaps>> {
    return this.caps.put(request.tenant, request.caps, request.updated_by);
  }

  /** Once, as soon as there is a database: after a new key was put in front. */
  private async reseal(): Promise<void> {
    if (this.resealed) return;
    const count = await this.desk.reseal();
    this.resealed = true;
    if (count > 0) this.logger.log({ msg: 'secrets of providers are sealed with the newest key', providers: count });
  }
}
