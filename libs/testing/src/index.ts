export { until } from './until.ts';
export { servers, testSecret, unique } from './servers.ts';
export { testDatabase, type TestDatabase } from './test-database.ts';
export { testBroker, type TestBroker } from './test-broker.ts';
export { startTestService, testEnvironment, type TestService } from './test-service.ts';
export { cuttableProxy, type CuttableProxy } from './cuttable-proxy.ts';
export { VendorDouble, type Answer, type ReceivedRequest } from './vendor-double.ts';
