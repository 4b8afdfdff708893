function Get-NativeType {
    <#
    .SYNOPSIS
    Returns Coexist.Native (the engine's exports) or an output class with its derivation, made on first use; ends the command where that fails.
    .NOTES
    In a fresh process PowerShell takes about a millisecond to bind a method call, anew for each name and each combination of argument types, and
    as long to convert text to an enum or to run a function for the first time. So everything on this way goes through one call expression,
    Type.InvokeMember invoked by reflection, which is bound once, and through few functions; and type names are full, because `using namespace`
    makes every type literal a search. Operators, conversions and conditions are bound anew for each type of value, so values of many types are only
    handed on; and a loop of more than a few rounds is compiled, in another thread, so there are few long loops.

    The types live as long as the process and are shared by its runspaces: one of ForEach-Object -Parallel finds them made.
    #>
    param(
        # $PSCmdlet of the public function.
        $Cmdlet,

        $Name = 'Coexist.Native'
    )

    $type = $NativeTypes[$Name]
    if ($type) { return $type }

    # In Constrained Language mode no method may be called.
    try { $call = [type].GetMethod('InvokeMember', [type[]]([string], [System.Reflection.BindingFlags], [System.Reflection.Binder], [object], [object[]])) }
    catch { Assert-LanguageMode; throw }
    $method = [System.Reflection.BindingFlags]::InvokeMethod
    $property = [System.Reflection.BindingFlags]::GetProperty

    $key = $PSScriptRoot + $Name
    $type = $call.Invoke([AppDomain], ('GetData', $method, $null, [AppDomain]::CurrentDomain, @($key)))
    if (-not $type) {
        # Windows PowerShell has neither variable: there it is Windows.
        $system = if ($IsLinux) { 'linux-' } elseif ($IsMacOS) { 'osx-' } else { 'win-' }
        # The process's, not the system's: 32-bit Windows PowerShell on 64-bit Windows needs what we do not build.
        $rid = $system + $call.Invoke([System.Runtime.InteropServices.RuntimeInformation], ('ProcessArchitecture', $property, $null, $null, $null))
        $file, $size = $NativePlatforms[$rid]
        $path = $call.Invoke([System.IO.Path], ('GetFullPath', $method, $null, $null, @($PSScriptRoot + '/bin/' + $file)))
        $info = $call.Invoke([System.IO.FileInfo], ('', [System.Reflection.BindingFlags]::CreateInstance, $null, $null, @($path)))
        # A library that was cut short in copying kills the process that loads it. A signature makes it longer. There is no length of no file.
        try { $length = $call.Invoke([System.IO.FileInfo], ('Length', $property, $null, $info, $null)) }
        catch { $length = -1 }
        if ($length -lt $size) { Stop-NativeFile $Cmdlet $rid $path $size }

        $type = New-NativeType $Name $path $call
        try { $version = $call.Invoke($type, ('coexist_abi_version', $method, $null, $null, $null)) }
        catch { Stop-NativeLoad $Cmdlet $path $_.Exception }
        if ($version -ne $NativeAbiVersion) { Stop-NativeVersion $Cmdlet $path $version }
        $null = $call.Invoke([AppDomain], ('SetData', $method, $null, [AppDomain]::CurrentDomain, ($key, $type)))
    }
    $NativeTypes[$Name] = $type
    $type
}
