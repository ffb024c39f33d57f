import { library } from '../../tools/tsup.ts';

export default library(['index', 'node', 'testing', 'adapters/hosting/process-main', 'adapters/hosting/thread-main']);
