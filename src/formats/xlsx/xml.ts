/** The XML of the parts of a workbook. */
import * as xml from '../../io/xml.ts'
import { WorkbookFault } from './fault.ts'

const fault: xml.XmlFault = (problem, options) => new WorkbookFault(problem, options)

export const createXmlReader = (handler: xml.XmlHandler): xml.XmlReader =>
  new xml.XmlReader(handler, fault)

/** Reads a part to its end. @throws what the handler throws, WorkbookFault */
export const readXml = (bytes: AsyncIterable<Buffer>, handler: xml.XmlHandler): Promise<void> =>
  xml.readXml(bytes, handler, fault)
