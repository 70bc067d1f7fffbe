export { deliveryMigrations as migrations } from '@carillon/delivery';
