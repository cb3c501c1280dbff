/// The release of this source, which both executables, the interface's description and the image carry.
package let release = "0.1.0"
