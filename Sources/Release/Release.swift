/// The version of this source, which both executables, the OpenAPI description and the image carry.
package let release = "0.1.0"
