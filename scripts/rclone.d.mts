/** Where the S3 server of the tests lies, if the set-up of the tests could bring it. */
export function rclonePath(root: string): string
