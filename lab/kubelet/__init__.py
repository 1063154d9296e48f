"""The lab's kubelet: runs the pods bound to one node as child processes."""
