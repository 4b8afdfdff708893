function Invoke-NativeCall {
    <#
    .SYNOPSIS
    Asks the engine a quick question and returns its answer as objects; an error of the engine ends the command.
    #>
    param(
        # $PSCmdlet of the public function.
        [Management.Automation.PSCmdlet] $Cmdlet,

        # The request as JSON text, or as a hashtable.
        [object] $Request,

        # What an error is about, where the caller has the object.
        [object] $Target
    )

    $native = Get-NativeType $Cmdlet
    $engine = Get-NativeEngine $Cmdlet
    $bytes = ConvertTo-NativeBytes $Request
    $pointer = [IntPtr]::Zero
    $length = [UIntPtr]::Zero
    $status = $native::coexist_call($engine, $bytes, [UIntPtr][uint64]$bytes.Length, [ref]$pointer, [ref]$length)
    $answer = $native::Take($pointer, $length)
    if ($status -ne $NativeStatus.Ok) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer $Target)) }
    if ($answer) { ConvertFrom-NativeJson $answer }
}
