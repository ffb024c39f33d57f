import * as ort from 'onnxruntime-node';
import type { PlainTensor, TensorMap } from '../../src/core/network/feeds.js';
import type { LoadModel } from '../../src/testing/vectors/gnn-runner.js';

const toRuntime = ({ type, data, dims }: PlainTensor): ort.Tensor =>
  type === 'int64' ? new ort.Tensor('int64', data, dims) : new ort.Tensor('float32', data, dims);

/** A session in the test's own thread: one intra-op thread, no log. */
export const loadModel: LoadModel = async (model) => {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  return {
    run: async (feeds) => {
      const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toRuntime(tensor)]));
      const outputs = await session.run(inputs);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [name, { type: 'float32', dims, data }]),
      ) as TensorMap;
    },
    release: () => session.release(),
  };
};
