import { create, toBinary } from '@bufbuild/protobuf';
import { CONTRIB_DOMAIN } from '../../core/network/onnx/graph-writer.js';
import type {
  OnnxAttribute,
  OnnxConstant,
  OnnxElementType,
  OnnxGraph,
  OnnxNode,
  OnnxPort,
} from '../../core/network/onnx/onnx-graph.js';
import { bytesOfFloats, bytesOfLongs } from '../little-endian.js';
import {
  type Attribute,
  AttributeSchema,
  GraphSchema,
  ModelSchema,
  type Node,
  NodeSchema,
  OperatorSetSchema,
  type Tensor,
  TensorSchema,
  type ValueInfo,
  ValueInfoSchema,
} from './gen/onnx_subset_pb.js';

/** Version of the ONNX file format, of its standard operators, and of the runtime's own ones. */
const ONNX_VERSIONS = Object.freeze({ ir: 9, opset: 20, contribOpset: 1 });

/** Numbers of the element types in the ONNX format. */
const ELEMENT_TYPES: Readonly<Record<OnnxElementType, number>> = { float32: 1, uint8: 2, int8: 3, int64: 7 };
/** Numbers of the attribute kinds in the ONNX format. */
const ATTRIBUTE_TYPES: Readonly<Record<OnnxAttribute['kind'], number>> = { float: 1, int: 2, text: 3, ints: 7 };

function attribute(name: string, given: OnnxAttribute): Attribute {
  const type = ATTRIBUTE_TYPES[given.kind];
  switch (given.kind) {
    case 'int':
      return create(AttributeSchema, { name, type, i: BigInt(given.value) });
    case 'float':
      return create(AttributeSchema, { name, type, f: given.value });
    case 'ints':
      return create(AttributeSchema, { name, type, ints: given.value.map(BigInt) });
    case 'text':
      return create(AttributeSchema, { name, type, s: new TextEncoder().encode(given.value) });
  }
}

function rawData(constant: OnnxConstant): Uint8Array {
  switch (constant.type) {
    case 'float32':
      return bytesOfFloats(constant.data);
    case 'int64':
      return bytesOfLongs(constant.data);
    case 'int8':
      return new Uint8Array(constant.data.buffer, constant.data.byteOffset, constant.data.byteLength);
    case 'uint8':
      return constant.data;
  }
}

const tensor = (constant: OnnxConstant): Tensor =>
  create(TensorSchema, {
    name: constant.name,
    dataType: ELEMENT_TYPES[constant.type],
    dims: constant.dims.map(BigInt),
    rawData: rawData(constant),
  });

const node = (given: OnnxNode): Node =>
  create(NodeSchema, {
    opType: given.op,
    domain: given.domain,
    input: [...given.inputs],
    output: [...given.outputs],
    name: given.outputs[0] ?? given.op,
    attribute: Object.entries(given.attributes).map(([name, value]) => attribute(name, value)),
  });

const port = (given: OnnxPort): ValueInfo =>
  create(ValueInfoSchema, {
    name: given.name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[given.type],
        shape: {
          dim: given.dims.map((size) => ({
            value:
              typeof size === 'number'
                ? { case: 'dimValue' as const, value: BigInt(size) }
                : { case: 'dimParam' as const, value: size },
          })),
        },
      },
    },
  });

/** The bytes of an ONNX model file. Equal graphs give equal bytes. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const opsets: { domain: string; version: number }[] = [{ domain: '', version: ONNX_VERSIONS.opset }];
  if (graph.nodes.some(({ domain }) => domain === CONTRIB_DOMAIN)) {
    opsets.push({ domain: CONTRIB_DOMAIN, version: ONNX_VERSIONS.contribOpset });
  }
  const model = create(ModelSchema, {
    irVersion: BigInt(ONNX_VERSIONS.ir),
    producerName: 'tamiyo',
    graph: create(GraphSchema, {
      name: graph.name,
      node: graph.nodes.map(node),
      initializer: graph.constants.map(tensor),
      input: graph.inputs.map(port),
      output: graph.outputs.map(port),
    }),
    opsetImport: opsets.map(({ domain, version }) => create(OperatorSetSchema, { domain, version: BigInt(version) })),
  });
  return toBinary(ModelSchema, model);
}
